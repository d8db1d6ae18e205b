"""`python -m jainam` is the command line."""

from jainam.cli.main import main

if __name__ == "__main__":
    main()
