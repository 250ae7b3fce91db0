"""The services of Xabar, the contracts they share and the runtime that runs them."""
