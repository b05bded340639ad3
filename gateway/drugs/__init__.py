"""What is known of a drug: the product table, the reading of drug names, and which drugs no patient report shows.

Tables come from `mappings/drugs/`; nothing here does input or output after the first load.
"""

from gateway.drugs.table import DrugTable, Product, drugs_of

__all__ = ["DrugTable", "Product", "drugs_of"]
