"""What is known of a drug: the product table, the reading of drug names, which drugs no patient report shows, and how
lists of products are loaded.

    table        the products, by NDC and RxNorm concept
    names        the ingredients in a drug's name
    strengths    strengths in the model's units
    conclusions  class and schedule out of ingredients
    loading      files into lists           fda  lists  rows     what the files hold
                                            listed               a product as stated, in the model's terms
                                            report               what became of each line

Facts come from `mappings/drugs/`; only `loading` opens files.
"""

from gateway.drugs.loading import Load, Loading
from gateway.drugs.report import ListError, LoadReport
from gateway.drugs.table import DrugTable, Product, drugs_of

__all__ = ["DrugTable", "ListError", "Load", "LoadReport", "Loading", "Product", "drugs_of"]
