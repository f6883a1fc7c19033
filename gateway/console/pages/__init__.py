"""The pages of the console, one module for each noun. `gateway.console.menu` lists them."""
