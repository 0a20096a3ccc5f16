"""A tiny Linux file system with files in it, made byte by byte: for the demo, so that a look inside finds something.

The second extended file system, with one group of blocks and none of its later features. Source: "The Second Extended
File System" by Dave Poirier, and fs/ext2/ext2.h of Linux.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

BLOCK = 1024  # bytes
LARGEST = 8192 * BLOCK  # bytes that one group can map
INODES = 128
INODE = 128  # bytes
TABLE = 5  # the first block of the inodes; before them superblock, group, and the two maps
FIRST_DATA = TABLE + INODES * INODE // BLOCK
DIRECT = 12  # blocks that an inode names itself; no file is larger
ROOT, FIRST_INODE = 2, 11
FOLDER, FILE = 0o040755, 0o100600


@dataclass
class Node:
    """A file or a folder.

    Attributes:
        number: of its inode.
        parent: the number of the folder that it is in; the root is in itself.
    """

    number: int
    parent: int
    content: bytes = b""
    is_folder: bool = True
    entries: dict[str, "Node"] = field(default_factory=dict)


def file_system(files: Mapping[str, bytes], *, size: int) -> bytes:
    """A file system with these files, by path.

    Args:
        files: at most 12 KiB each.
        size: bytes, at most ``LARGEST``.

    Raises:
        ValueError: it does not fit.
    """
    nodes = _nodes(files)
    blocks, used = size // BLOCK, FIRST_DATA
    table, data = bytearray(INODES * INODE), bytearray()
    for node in nodes:
        content = _listing(node) if node.is_folder else node.content
        count = -(-len(content) // BLOCK)
        if count > DIRECT or node.number > INODES:
            raise ValueError("A file is too large, or there are too many.")
        place = (node.number - 1) * INODE
        table[place : place + INODE] = _inode(node, len(content), list(range(used, used + count)))
        data += content.ljust(count * BLOCK, b"\0")
        used += count
    if used > blocks or size > LARGEST:
        raise ValueError("The files do not fit into one group of blocks.")
    last = max(FIRST_INODE - 1, nodes[-1].number)
    head = (
        b"",
        _superblock(blocks, free_blocks=blocks - used, free_inodes=INODES - last),
        struct.pack("<IIIHHH", 3, 4, TABLE, blocks - used, INODES - last, sum(node.is_folder for node in nodes)),
        _bits(used - 1, of=blocks - 1),
        _bits(last, of=INODES),
    )
    return b"".join(block.ljust(BLOCK, b"\0") for block in head) + bytes(table) + bytes(data)


def _nodes(files: Mapping[str, bytes]) -> list[Node]:
    """All files and folders, the root first, each with the next number."""
    nodes = [Node(ROOT, ROOT)]
    for path, content in files.items():
        *folders, name = path.split("/")
        here = nodes[0]
        for each in folders:
            if each not in here.entries:
                _add(nodes, here, each, Node(_next(nodes), here.number))
            here = here.entries[each]
        _add(nodes, here, name, Node(_next(nodes), here.number, content, is_folder=False))
    return nodes


def _next(nodes: list[Node]) -> int:
    return max(FIRST_INODE, nodes[-1].number + 1)


def _add(nodes: list[Node], folder: Node, name: str, node: Node) -> None:
    folder.entries[name] = node
    nodes.append(node)


def _listing(folder: Node) -> bytes:
    """The entries of a folder, in one block; the last one reaches to its end."""
    inside = [(name, node.number) for name, node in folder.entries.items()]
    names = [(".", folder.number), ("..", folder.parent), *inside]
    rows = [(struct.pack("<IHH", number, 0, len(name)) + name.encode()) for name, number in names]
    sizes = [-(-len(row) // 4) * 4 for row in rows]
    sizes[-1] += BLOCK - sum(sizes)
    return b"".join(
        (row[:4] + struct.pack("<H", size) + row[6:]).ljust(size, b"\0") for row, size in zip(rows, sizes, strict=True)
    )


def _inode(node: Node, size: int, blocks: list[int]) -> bytes:
    mode, links = (FOLDER, 2 + sum(each.is_folder for each in node.entries.values())) if node.is_folder else (FILE, 1)
    head = struct.pack("<HHI16xHHI8x", mode, 0, size, 0, links, len(blocks) * BLOCK // 512)
    return (head + struct.pack(f"<{len(blocks)}I", *blocks)).ljust(INODE, b"\0")


def _superblock(blocks: int, *, free_blocks: int, free_inodes: int) -> bytes:
    counts = struct.pack("<6I", INODES, blocks, 0, free_blocks, free_inodes, 1)
    sizes = struct.pack("<5I", 0, 0, LARGEST // BLOCK, LARGEST // BLOCK, INODES)
    state = struct.pack("<8xHhHHHH", 0, -1, 0xEF53, 1, 1, 0)  # clean; on an error, go on
    return counts + sizes + state + struct.pack("<IIIIHHIH", 0, 0, 0, 1, 0, 0, FIRST_INODE, INODE)


def _bits(ones: int, *, of: int) -> bytes:
    """A map with so many taken at its beginning; what lies past its end counts as taken."""
    beyond = (1 << BLOCK * 8) - (1 << of)
    return (((1 << ones) - 1) | beyond).to_bytes(BLOCK, "little")
