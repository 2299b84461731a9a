from tests.saving.fuzz import finds


def test_damaged_files_load_or_are_refused(tmp_path):
    wrong, models = finds(range(250), tmp_path)
    assert not wrong
    assert models > 10  # some damage is harmless, or nothing was tested
