"""What names on the Hugging Face Hub look like; `hub.parse` holds them to the rest of its rules.

Here without the Hub's client, which takes half a second to import: most names are folders.
"""

import re

REPO = r"(?a:\w[\w.-]*/\w[\w.-]*)"  # USER/REPO
MODEL = re.compile(rf"({REPO})(?:@((?a:\w[\w.-]*(?:/\w[\w.-]*)*)))?")  # and a revision: a branch, a tag or a commit
DATASET = re.compile(rf"{MODEL.pattern}(?::([^,:]+),([^,:]+))?")  # and the columns of input and target
