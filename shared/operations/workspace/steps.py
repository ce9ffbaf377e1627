"""What goes on in the background for the workspace: deletions are finished, many images tagged."""

from shared.models.messages.tasks import (
    CollectPictures,
    DeleteAllImages,
    PurgeProject,
    ReleaseImages,
    RetagImages,
    SweepTag,
)
from shared.operations.step import Context, Rest, Steps
from shared.operations.workspace import bulk, deletion, retagging
from shared.storage.workspace import projects as stored_projects
from shared.storage.workspace import tags as stored_tags


def purge_project(context: Context, task: PurgeProject) -> Rest | None:
    return None if stored_projects.purge(context.store, task.project_id) else Rest(task)


def sweep_tag(context: Context, task: SweepTag) -> Rest | None:
    return None if stored_tags.sweep(context.store, task.project_id, task.tag_id) else Rest(task)


def release_images(context: Context, task: ReleaseImages) -> None:
    deletion.release(context.store, task.project_id, task.image_ids, task.all_iterations)


def collect_pictures(context: Context, task: CollectPictures) -> None:
    deletion.collect(context.store, task.project_id, task.before)


def delete_all_images(context: Context, task: DeleteAllImages) -> Rest | None:
    return None if deletion.delete_all_images(context.store, task) else Rest(task)


def retag_images(context: Context, task: RetagImages) -> Rest | None:
    edits = retagging.edits(context.store, context.settings.limits, task.project_id)
    return bulk.step(context.store, task, edits)


STEPS: Steps = {
    PurgeProject: purge_project,
    SweepTag: sweep_tag,
    ReleaseImages: release_images,
    CollectPictures: collect_pictures,
    DeleteAllImages: delete_all_images,
    RetagImages: retag_images,
}
