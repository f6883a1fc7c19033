"""USSD menus: the engine that plays them and, one module per feature, the menus themselves."""
