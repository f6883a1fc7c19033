"""The messages, one module per part of the product; the module's name is the wording's section."""
