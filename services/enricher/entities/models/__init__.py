"""Statistical models that tag names, each behind one function; a model is loaded when its language is first met."""
