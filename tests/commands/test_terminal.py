"""Progress bars of the terminal."""

from statefolio.commands.terminal import Terminal


def test_a_stage_of_unknown_length_ends_when_the_next_one_starts():
    with Terminal() as terminal:
        terminal("compiling", 0, 0)
        assert not terminal._bars.finished
        terminal("walking", 0, 4)
        compiling, walking = terminal._bars.tasks
        assert compiling.finished
        assert not walking.finished
        terminal("walking", 4, 4)
        assert terminal._bars.finished


def test_a_stage_of_unknown_length_goes_on_where_it_reports_again():
    with Terminal() as terminal:
        terminal("tuning", 0, 0)
        terminal("walking", 1, 4)
        terminal("tuning", 7, 0)
        tuning = terminal._bars.tasks[0]
        assert (tuning.completed, tuning.total) == (7, None)
