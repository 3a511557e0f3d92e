"""MLflow's server with a start page that lays out the runs table: `uvicorn --factory src.tracking.ui.app:app`."""

import json
import os
import warnings
from pathlib import Path
from typing import Any

from src.tracking.runs_table import VIEW_TAG
from src.tracking.store import open_store, store_uri
from src.utils.paths import stores
from src.utils.secrets import hide_secrets

# MLflow keeps in the browser what no setting of the server changes. On a first visit a chat panel covers a quarter of
# the window, the menu is that of language models, and runs are folded under their parent. Changes of a user remain.
_FIRST_VISIT = """<script>
localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true")
localStorage.setItem("mlflow.workflowType_v1", localStorage.getItem("mlflow.workflowType_v1") ?? '"machine_learning"')
for (const [id, {view, parents}] of Object.entries(%s)) {
  const key = `MLflowLocalStorage-1.1-ExperimentPage-["${id}"]-ReactComponentState`
  const kept = JSON.parse(localStorage.getItem(key)) ?? view
  kept.runsExpanded = {...Object.fromEntries(parents.map(parent => [parent, true])), ...kept.runsExpanded}
  localStorage.setItem(key, JSON.stringify(kept))
}
</script>"""


def app() -> Any:
    """ASGI application: MLflow's on the store of this process, with another start page."""
    hide_secrets()
    os.environ["_MLFLOW_SERVER_FILE_STORE"] = os.environ["_MLFLOW_SERVER_REGISTRY_STORE"] = store_uri()
    os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = str(stores() / "artifacts")
    # the job runner serves features that are not used here, and costs a dozen processes and 2.5 GB
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    # MLflow 3.17 imports a part of Starlette that is about to move; 2026-11
    warnings.filterwarnings("ignore", "starlette.middleware.wsgi is deprecated")
    from mlflow import server
    from mlflow.server.fastapi_app import app as mlflow_app
    from starlette.responses import HTMLResponse
    from starlette.routing import Route

    index = Path(server.__file__).with_name("js") / "build" / "index.html"

    def start_page(_: Any) -> Any:
        page = index.read_text(encoding="utf-8").replace("<head>", f"<head>{first_visit()}", 1)
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    mlflow_app.router.routes.insert(0, Route("/", start_page))
    return mlflow_app


def first_visit() -> str:
    """Script that lays out the runs table of each experiment, with the runs of its newest parent unfolded."""
    client = open_store(None).MlflowClient()
    pages = {}
    for experiment in client.search_experiments():
        if VIEW_TAG in experiment.tags:
            newest = client.search_runs(
                [experiment.experiment_id], "tags.multirun = 'true'", max_results=1, order_by=["start_time DESC"]
            )
            view = json.loads(experiment.tags[VIEW_TAG])
            pages[experiment.experiment_id] = {"view": view, "parents": [run.info.run_id for run in newest]}
    return _FIRST_VISIT % json.dumps(pages).replace("<", "\\u003c")
