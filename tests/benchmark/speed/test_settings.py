"""Costs of training steps under different settings."""

from iebench.benchmark.speed.settings import StepCost, report, step_of


def test_a_step_of_any_setting_has_a_cost_in_each_part() -> None:
    small = "batch=4 encoder.width=0.125 resolution=32 method.projector=[8,8]"
    for assignments in (small, f"{small} kernels=fast"):
        cost = step_of("sie", "quick", assignments)()
        assert cost.wall > 0 and len(cost.parts) == 3 and cost.cpu > 0


def test_ratios_are_medians_over_turns() -> None:
    slow = [StepCost((0.0, 0.2, 0.2), 0.8), StepCost((0.0, 2.0, 2.0), 8.0), StepCost((0.0, 0.3, 0.3), 0.6)]
    fast = [StepCost((0.0, 0.1, 0.1), 0.4), StepCost((0.0, 1.0, 1.0), 2.0), StepCost((0.0, 0.1, 0.1), 0.3)]
    _, first, second = report({"": slow, "kernels=fast": fast}, images=80)
    assert first.split()[4:9] == ["600", "1.00", "800", "1.00", "100"]
    assert second.split()[:6] == ["kernels=fast", "200", "2.00", "400", "2.00", "200"]
