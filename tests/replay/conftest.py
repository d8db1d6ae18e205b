"""Scenarios are no tests by their name, and explain their failures all the same."""

import pytest

pytest.register_assert_rewrite("replay.scenarios")
