"""Every message of the product, one module per topic.

The name of a module is the section of its wordings in `<language>.toml`. All modules of this
folder belong to the product; a new one needs no entry anywhere.
"""
