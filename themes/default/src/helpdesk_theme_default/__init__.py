"""Says where the default theme lies: inside the package when installed from a wheel, at the top of the project else."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent

FOLDER = _HERE if (_HERE / "theme.toml").is_file() else _HERE.parents[1]
