"""JSON without spaces, by an encoder that is made once (catalogue: S1)."""

import json

encode = json.JSONEncoder(separators=(",", ":")).encode
