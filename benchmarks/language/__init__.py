"""Our language identification beside its peers on labelled texts."""
