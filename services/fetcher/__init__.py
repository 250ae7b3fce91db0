"""The fetcher: asks news sites for their pages, gently, and puts what they answer on a topic."""
