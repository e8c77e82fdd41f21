"""Validates a JSON file against a JSON Schema: validate.py SCHEMA FILE. Exit 0 valid, 1 not."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f)
with open(sys.argv[2], encoding="utf-8") as f:
    instance = json.load(f)
validator = jsonschema.Draft202012Validator
validator.check_schema(schema)
errors = list(validator(schema).iter_errors(instance))
for error in errors:
    print(f"{error.json_path}: {error.message[:300]}")
sys.exit(1 if errors else 0)
