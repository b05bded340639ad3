"""Files of an operator become lists of the directory: which file is what, and when a list is refused.

The FDA's directory is one list, of product.txt and package.txt or of the zip that holds both; each CSV file is one.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from gateway.drugs.fda import PACKAGE_COLUMNS, PRODUCT_COLUMNS, read_directory
from gateway.drugs.lists import read_list
from gateway.drugs.report import ListError, LoadReport
from gateway.drugs.rows import heading_of
from gateway.model import Drug, ProductCode, ProductList
from gateway.ports import ProductDirectory

FDA = "fda-ndc"  # the source of the FDA's directory
CORRECTIONS, DIRECTORY, LISTS = 0, 1, 2  # ranks: which list decides

Entries = Iterator[tuple[ProductCode, Drug]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A list that was loaded, and what became of its lines."""

    loaded: ProductList
    report: LoadReport


@dataclass(frozen=True, slots=True)
class _File:
    """A file, or a member of a zip, that is read twice: its heading, and all of it."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        return PurePosixPath(self.member).name if self.member else self.path.name

    def open(self, stack: ExitStack) -> IO[bytes]:
        if self.member is None:
            return stack.enter_context(self.path.open("rb"))
        archive = stack.enter_context(zipfile.ZipFile(self.path))
        return stack.enter_context(archive.open(self.member))

    def has(self, columns: Sequence[str]) -> bool:
        with ExitStack() as stack:
            return set(columns) <= set(heading_of(self.open(stack), self.name))


class Loading:
    """Loads files into a directory.

    :param source: the name of a CSV file's list; None: the file's, without its suffix.
    :param is_correction: a CSV file's list decides before the FDA's directory, else after it.
    :param fewer: accept a list with less than half of the products of the one that it replaces.
    """

    def __init__(
        self,
        directory: ProductDirectory,
        *,
        source: str | None = None,
        is_correction: bool = False,
        fewer: bool = False,
    ) -> None:
        self._directory = directory
        self._source = source
        self._rank = CORRECTIONS if is_correction else LISTS
        self._fewer = fewer

    def __call__(self, paths: Sequence[Path]) -> Iterator[Load]:
        """Each list as soon as it is in force.

        :raises ListError: a file cannot be used, or its list has too few products. Of that list nothing is loaded.
        :raises gateway.errors.GatewayError: the directory cannot be written now.
        """
        try:
            files = [file for path in paths for file in _files(path)]
            products = [file for file in files if file.has(PRODUCT_COLUMNS)]
            packages = [file for file in files if file not in products and file.has(PACKAGE_COLUMNS)]
            lists = [file for file in files if file not in products and file not in packages]
            if len(products) != len(packages) or len(products) > 1:
                raise ListError(
                    "The FDA's directory is one product.txt and one package.txt; of each, one is expected."
                )
            if self._source is not None and len(lists) > 1:
                raise ListError("One source has one list: load the files one by one, each with its own name.")
            if products:
                yield self._load_directory(products[0], packages[0])
            for file in lists:
                yield self._load_list(file)
        except (OSError, zipfile.BadZipFile) as error:
            name = Path(getattr(error, "filename", None) or paths[0]).name
            raise ListError(f"{name}: {getattr(error, 'strerror', None) or error}.") from None

    def _load_directory(self, products: _File, packages: _File) -> Load:
        report, names = LoadReport(), (products.name, packages.name)
        with ExitStack() as stack:
            entries = read_directory(products.open(stack), packages.open(stack), names, report)
            return self._load(FDA, entries, report, rank=DIRECTORY, files=names)

    def _load_list(self, file: _File) -> Load:
        report, source = LoadReport(), self._source or Path(file.name).stem
        if source in {FDA, "shipped"}:
            raise ListError(f"{source} names another source; give the list a name of its own.")
        with ExitStack() as stack:
            entries = read_list(file.open(stack), file.name, report)
            return self._load(source, entries, report, rank=self._rank, files=(file.name,))

    def _load(
        self, source: str, entries: Entries, report: LoadReport, *, rank: int, files: Sequence[str]
    ) -> Load:
        before = next((one.products for one in self._directory.lists() if one.source == source), 0)
        least = 1 if self._fewer else max(1, before // 2)
        enough = _enough(entries, least, source, before)
        return Load(loaded=self._directory.load(source, enough, rank=rank, files=files), report=report)


def _files(path: Path) -> Iterable[_File]:
    """The file itself, or of a zip the text files in it."""
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            return [_File(path)]
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if _is_text(name)]
    if not names:
        raise ListError(
            f"{path.name}: there is no text file in it; product.txt and package.txt are expected."
        )
    return [_File(path, name) for name in names]


def _is_text(member: str) -> bool:
    """A zip may hold what an operating system keeps beside a file, under the same name with a dot before it."""
    name = PurePosixPath(member).name.lower()
    return name.endswith((".txt", ".csv")) and not name.startswith(".")


def _enough(entries: Entries, least: int, source: str, before: int) -> Entries:
    """:raises ListError: there were too few of them; raised before the list comes into force."""
    count = 0
    for entry in entries:
        count += 1
        yield entry
    if not count:
        raise ListError(f"{source}: not one line could be used; nothing was changed.")
    if count < least:
        raise ListError(
            f"{source}: {count} products, where the list in force has {before}; the files may have been cut. "
            "Nothing was changed; --fewer loads them all the same."
        )
