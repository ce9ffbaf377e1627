"""Who may call what by a token of Entra ID: its app roles, with the rights of Azure's own roles for Custom Vision."""

from enum import StrEnum


class Role(StrEnum):
    READER = "Reader"
    LABELER = "Labeler"
    DEPLOYMENT = "Deployment"
    TRAINER = "Trainer"
    CONTRIBUTOR = "Contributor"
    # Ours: in Azure, who may predict may publish as well.
    PREDICTOR = "Predictor"


# The data actions of the built-in roles "Cognitive Services Custom Vision ...". A Contributor may call everything.
_OPERATIONS = {
    (Role.READER, Role.LABELER, Role.DEPLOYMENT, Role.TRAINER): """
        get_domains get_domain get_projects get_project get_artifact get_tags get_tag
        get_images get_image_count get_images_by_ids get_tagged_images get_tagged_image_count
        get_untagged_images get_untagged_image_count get_iterations get_iteration get_exports
        get_iteration_performance get_image_performances get_image_performance_count query_predictions
    """,
    (Role.LABELER, Role.TRAINER): """
        create_tag update_tag delete_tag create_image_tags delete_image_tags create_image_regions delete_image_regions
        create_images_from_data create_images_from_files create_images_from_urls create_images_from_predictions
        update_image_metadata delete_images get_image_region_proposals suggest_tags_and_regions query_suggested_images
        query_suggested_image_count
    """,
    (Role.TRAINER,): "update_project train_project update_iteration delete_iteration",
    (Role.DEPLOYMENT, Role.TRAINER): """
        publish_iteration unpublish_iteration export_iteration quick_test_image quick_test_image_url delete_prediction
    """,
    (Role.DEPLOYMENT, Role.TRAINER, Role.PREDICTOR): """
        classify_image classify_image_with_no_store classify_image_url classify_image_url_with_no_store
        detect_image detect_image_with_no_store detect_image_url detect_image_url_with_no_store
    """,
    (): "create_project delete_project import_project export_project",
}
ROLES = {name: frozenset({*roles, Role.CONTRIBUTOR}) for roles, names in _OPERATIONS.items() for name in names.split()}
