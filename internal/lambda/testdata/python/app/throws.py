raise ValueError("at start")
