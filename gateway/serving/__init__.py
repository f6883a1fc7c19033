"""How the web process serves: bodies, lanes of threads, deadlines, and what is done afterwards."""
