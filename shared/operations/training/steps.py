"""What goes on in the background of trainings, of exports, and of iterations that were deleted."""

from shared.models.messages.tasks import (
    BuildExport,
    DropIteration,
    ForgetIteration,
    JudgeIteration,
    PrepareTraining,
    StopTraining,
    WatchTraining,
)
from shared.operations.step import Context, Rest, Steps
from shared.operations.training import exports, iterations, judging, train, watch


def prepare_training(context: Context, task: PrepareTraining) -> None:
    train.prepare(context.store, context.settings, task)


def watch_training(context: Context, task: WatchTraining) -> Rest | None:
    """Again and again while the training is under way: no timer has to ask when there is none."""
    under_way = watch.watch(context.store, context.settings, task)
    return Rest(task, train.watch_seconds(context.settings)) if under_way else None


def stop_training(context: Context, task: StopTraining) -> None:
    train.stop(context.settings, task.execution)


def build_export(context: Context, task: BuildExport) -> None:
    exports.build(context.store, task)


def drop_iteration(context: Context, task: DropIteration) -> None:
    iterations.drop(context.store, task.project_id, task.iteration_id)


def forget_iteration(context: Context, task: ForgetIteration) -> Rest | None:
    rest = iterations.forget(context.store, task)
    return Rest(rest) if rest else None


def judge_iteration(context: Context, task: JudgeIteration) -> None:
    judging.judge(context.store, context.settings, task)


STEPS: Steps = {
    PrepareTraining: prepare_training,
    WatchTraining: watch_training,
    StopTraining: stop_training,
    BuildExport: build_export,
    DropIteration: drop_iteration,
    ForgetIteration: forget_iteration,
    JudgeIteration: judge_iteration,
}
