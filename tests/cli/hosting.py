"""Run by an environment of its own: the local host on an app that lies elsewhere, and a note of what that imported.

hosting.py NOTE HOST_FOLDER HOST_PACKAGES PORT: the current folder is the app's.
"""

import json
import sys
from pathlib import Path

note, host_folder, host_packages, port = sys.argv[1:]
# The app comes first, so that it sees its own modules and packages; the host's fill in what it has not.
sys.path[:] = [str(Path.cwd()), *sys.path[1:], host_folder, host_packages]

from local.host.__main__ import main  # noqa: E402

code = main([f"--port={port}", "--host-json=host.json"])
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
Path(note).write_text(json.dumps({name: file for name, file in files.items() if file}))
sys.exit(code)
