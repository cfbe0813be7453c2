import sys
from pathlib import Path

from registry import library
from tests.bench.vaccines import compile as lists

lists.write(Path(sys.argv[1]) if len(sys.argv) > 1 else library.FOLDER, lists.tables())
