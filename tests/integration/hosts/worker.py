"""A worker process of the suite; light to import, for the children of its process pool import it again."""

if __name__ == "__main__":
    from hosts.behaviours import main

    main()
