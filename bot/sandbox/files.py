"""Files sent through the sandbox: bytes, ids, sizes. A file_id is reusable; a file_unique_id cannot be sent."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from telegram.constants import FileSizeLimit

from bot.sandbox.errors import bad
from bot.sandbox.params import Upload

Json = dict[str, Any]

MAX_PHOTO = 10 * 1024 * 1024
MAX_UPLOAD = 50 * 1024 * 1024
MAX_DOWNLOAD = int(FileSizeLimit.FILESIZE_DOWNLOAD)
_PREVIEWS = (90, 320)
_FOLDERS = {"photo": "photos", "video": "videos", "audio": "music", "voice": "voice", "animation": "animations"}


@dataclass(slots=True)
class StoredFile:
    """`preview` > 0 marks a smaller size of the photo `parent`, drawn when somebody asks for its bytes."""

    file_id: str
    unique_id: str
    kind: str
    name: str
    mime: str
    size: int
    width: int = 0
    height: int = 0
    parent: str = ""
    number: int = 0
    previews: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The Bot API's file_path."""
        suffix = ".jpg" if self.kind == "photo" else Path(self.name).suffix
        return f"{_FOLDERS.get(self.kind, 'documents')}/file_{self.number}{suffix}"


class Files:
    """The store. With a folder the bytes are kept there, else in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.by_id: dict[str, StoredFile] = {}
        self.by_unique: dict[str, StoredFile] = {}
        self.by_path: dict[str, StoredFile] = {}
        self._bytes: dict[str, bytes] = {}

    def add(self, upload: Upload, kind: str) -> StoredFile:
        """Keep an upload. Raises ApiError 400 when it is empty, too big, or a photo that is no picture."""
        if not upload.data:
            raise bad("File must be non-empty")
        width, height, mime = _photo_size(upload.data) if kind == "photo" else (0, 0, upload.mime)
        stored = self._register(kind, upload.name, mime, len(upload.data), width, height)
        self._keep(stored, upload.data)
        for side in _PREVIEWS if kind == "photo" else ():
            if max(width, height) > side:
                small = self._register(kind, upload.name, "image/jpeg", 0, *_scaled(width, height, side))
                small.parent = stored.unique_id
                stored.previews.append(small.file_id)
        return stored

    def _register(self, kind: str, name: str, mime: str, size: int, width: int, height: int) -> StoredFile:
        number = len(self.by_id)
        stored = StoredFile(
            f"AgAC{secrets.token_urlsafe(30)}", f"AQAD{secrets.token_urlsafe(9)}", kind, name, mime, size, width, height
        )
        stored.number = number
        self.index(stored)
        return stored

    def index(self, stored: StoredFile) -> None:
        self.by_id[stored.file_id] = stored
        self.by_unique[stored.unique_id] = stored
        self.by_path[stored.path] = stored

    def _keep(self, stored: StoredFile, data: bytes) -> None:
        if self.folder is None:
            self._bytes[stored.unique_id] = data
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / stored.unique_id).write_bytes(data)

    def read(self, stored: StoredFile) -> bytes:
        """The bytes; a preview is drawn from its photo now, which is why this belongs off the event loop."""
        if stored.parent:
            return _drawn(self.read(self.by_unique[stored.parent]), stored.width, stored.height)
        if self.folder is None:
            return self._bytes[stored.unique_id]
        return (self.folder / stored.unique_id).read_bytes()

    def photo_sizes(self, stored: StoredFile) -> list[Json]:
        """The Bot API's list of PhotoSize, smallest first, the photo itself last."""
        sizes = [self.by_id[file_id] for file_id in stored.previews if file_id in self.by_id]
        return [photo_size(size) for size in [*sizes, stored]]


def photo_size(stored: StoredFile) -> Json:
    size = {"file_size": stored.size} if stored.size else {}
    ids = {"file_id": stored.file_id, "file_unique_id": stored.unique_id}
    return {**ids, "width": stored.width, "height": stored.height, **size}


def _photo_size(data: bytes) -> tuple[int, int, str]:
    """Width, height and MIME type as the bytes say, whatever the upload calls itself."""
    if len(data) > MAX_PHOTO:
        raise bad(f"file of size {len(data)} bytes is too big for a photo; the maximum size is {MAX_PHOTO} bytes")
    try:
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
            mime = Image.MIME.get(picture.format or "", "image/jpeg")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise bad("IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    return width, height, mime


def _scaled(width: int, height: int, side: int) -> tuple[int, int]:
    longest = max(width, height)
    return max(1, width * side // longest), max(1, height * side // longest)


def _drawn(data: bytes, width: int, height: int) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.convert("RGB").resize((width, height)).save(out, "JPEG", quality=80)
    return out.getvalue()
