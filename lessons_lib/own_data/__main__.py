"""Make a dataset for the lessons out of files of your own.

    python -m lessons_lib.own_data pairs.csv my_pairs
    LESSONS_DATASET=my_pairs make lab

Reads CSV, TSV, JSON Lines, JSON, Parquet or Excel: a file, a folder with one per split, or what save_to_disk wrote.
Names the labels, makes the splits that are missing, leaves out rows that can't be used, and says which.
"""

import argparse
import sys

from lessons_lib.errors import DataError
from lessons_lib.own_data.folder import make_folder


def main() -> None:
    """Read what the command line names, write the folder, and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="a file, or a folder with train, validation and test")
    parser.add_argument("folder", help="the new folder")
    parser.add_argument("--text", help="the column of the text, or two with a comma: first,second")
    parser.add_argument("--label", help="the column of the label")
    asked = parser.parse_args()
    text = [name.strip() for name in asked.text.split(",")] if asked.text else None
    try:
        report = make_folder(asked.source, asked.folder, text=text, label=asked.label)
    except DataError as error:
        sys.exit(str(error))
    print(report, f"\nWritten to {asked.folder}. Now set LESSONS_DATASET={asked.folder}", sep="\n")


if __name__ == "__main__":
    main()
