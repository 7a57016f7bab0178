"""The tests of saved_pages, elsewhere: see conftest.py."""

from test_saved_pages import *  # noqa: F403
