"""Translation: engines behind one protocol, each with an explicit status and none that invents."""
