"""Steps at epochs that hold a few points each."""

from lossscan.ledger import diagnose
from lossscan.settings import Settings
from lossscan.signals import scan
from tests.curves import make_run

EPOCHS, STEPS, RULE = 39, 31, "epoch-step-drop"


def test_loss_that_climbs_within_epochs_of_three_points_steps_down_between_them():
    """What a climb takes back of a step says nothing where an epoch holds but three points."""
    levels = [3.0 * 0.96**epoch for epoch in range(EPOCHS)]
    ends = [[n * STEPS, n * STEPS + STEPS] for n in range(EPOCHS)]
    loss = [[*end, level, 1.05 * level] for end, level in zip(ends, levels, strict=True)]
    run = make_run(loss=loss, noise=0.003, epochs=EPOCHS)
    assert diagnose(run, scan(run), Settings(select=(RULE,))).findings
