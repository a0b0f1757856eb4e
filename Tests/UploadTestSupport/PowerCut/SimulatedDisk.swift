/// A disk that forgets what was not synced.
///
/// The model, as harsh as POSIX allows where that is harsher than the file systems in use:
/// - What a file was when a sync of it began is certain once that sync has ended (fsync(2), fdatasync(2)); its size too.
/// - Of every write after that, each sector of 512 bytes arrives or not, independently: a sector holds what it held at any
///   moment since the last sync. The size, too, is that of any such moment; where it covers sectors that have not arrived,
///   these are zeros. What is cut off is gone exactly when the size has arrived: journals see to that, and SQLite, which
///   empties its log that way, relies on it.
/// - The entries of a folder are certain once a sync of the folder has ended (fdatasync counts, SQLite uses it); a sync of
///   a file says nothing about its name. Of creations, links, renames, removals since then any subset has happened, a rename as a whole. A file whose
///   name has not arrived is gone, with all that was synced in it.
/// - Nothing that is mapped survives, and so neither does SQLite's `-shm`.
///
/// Not modelled: sectors that decay, syncs that lie, renames from one folder to another (refused).
package struct SimulatedDisk: Sendable {
    /// A file or folder of the model; inodes are used again, these numbers are not.
    package enum Node: Hashable, Sendable {
        case file(Int)
        case folder(Int)
    }

    /// A change of a file that is not certain.
    struct FileChange {
        enum Kind {
            case write(offset: Int, ArraySlice<UInt8>)
            case resize(from: Int, to: Int)
        }
        var index: Int
        var kind: Kind
    }

    struct File {
        var mode: Int
        var certain: [UInt8] = []
        var pending: [FileChange] = []
        /// With all changes.
        var size = 0
    }

    /// A change of a folder that is not certain.
    struct FolderChange {
        enum Kind {
            case set(String, Node)
            case remove(String)
            case move(String, to: String, Node)
        }
        var index: Int
        var kind: Kind
    }

    struct Folder {
        var certain: [String: Node] = [:]
        var pending: [FolderChange] = []
        /// With all changes.
        var entries: [String: Node] = [:]
    }

    /// An event does not fit to those before it: the recording has holes.
    package struct Inconsistent: Error, CustomStringConvertible {
        /// One sentence.
        package let description: String
    }

    private(set) var files: [File] = []
    private(set) var folders: [Folder] = [Folder()]
    private let root: [Substring]
    private var inodes: [UInt64: Int] = [:]
    private var syncs: [Int: Int] = [:]
    /// Events applied so far.
    private(set) package var count = 0

    /// An empty disk, mounted at `root`.
    package init(root: String) {
        self.root = root.split(separator: "/")
    }

    /// Goes on by one event.
    package mutating func apply(_ event: Recording.Event) throws {
        let index = count
        count += 1
        switch event {
        case .started, .sent, .mapped, .leftOut:
            break
        case .created(let inode, let path, let mode):
            files.append(File(mode: mode))
            inodes[inode] = files.count - 1
            let (folder, name) = try locate(path)
            change(folder, at: index, .set(name, .file(files.count - 1)))
        case .madeFolder(let path):
            folders.append(Folder())
            let (folder, name) = try locate(path)
            change(folder, at: index, .set(name, .folder(folders.count - 1)))
        case .wrote(let inode, let path, let offset, let bytes):
            let file = try file(inode, path)
            files[file].pending.append(FileChange(index: index, kind: .write(offset: offset, bytes)))
            files[file].size = max(files[file].size, offset + bytes.count)
        case .resized(let inode, let path, let size):
            let file = try file(inode, path)
            let change = FileChange(index: index, kind: .resize(from: files[file].size, to: size))
            files[file].pending.append(change)
            files[file].size = size
        case .renamed(let path, let other):
            try rename(path, to: other, at: index)
        case .linked(let path, let other):
            let node = try node(path)
            let (folder, name) = try locate(other)
            change(folder, at: index, .set(name, node))
        case .removed(let path), .removedFolder(let path):
            let (folder, name) = try locate(path)
            change(folder, at: index, .remove(name))
        case .syncBegan(let number, _, _):
            syncs[number] = index
        case .syncEnded(let number, let inode, let path):
            try settle(number, inode, path)
        }
    }

    private mutating func rename(_ path: String, to other: String, at index: Int) throws {
        let (folder, name) = try locate(path)
        let (target, newName) = try locate(other)
        guard folder == target else {
            throw Inconsistent(description: "\(path) was renamed into another folder, which the model does not know")
        }
        let node = try node(path)
        // rename(2): two names of one file both stay.
        guard folders[folder].entries[newName] != node else { return }
        change(folder, at: index, .move(name, to: newName, node))
    }

    private mutating func settle(_ number: Int, _ inode: UInt64, _ path: String) throws {
        guard let began = syncs.removeValue(forKey: number) else {
            throw Inconsistent(description: "a sync of \(path) ended that never began")
        }
        if case .folder(let folder)? = try? node(path) {
            for change in folders[folder].pending where change.index < began {
                folders[folder].certain.apply(change.kind)
            }
            folders[folder].pending.removeAll { $0.index < began }
        } else {
            let file = try file(inode, path)
            let settled = files[file].pending.filter { $0.index < began }
            for change in settled { files[file].certain.apply(change.kind) }
            files[file].pending.removeAll { $0.index < began }
        }
    }

    // MARK: Finding

    private mutating func change(_ folder: Int, at index: Int, _ kind: FolderChange.Kind) {
        folders[folder].pending.append(FolderChange(index: index, kind: kind))
        folders[folder].entries.apply(kind)
    }

    private func file(_ inode: UInt64, _ path: String) throws -> Int {
        guard let file = inodes[inode] else {
            throw Inconsistent(description: "\(path) was changed, and nobody created it")
        }
        return file
    }

    private func node(_ path: String) throws -> Node {
        guard path.split(separator: "/") != root else { return .folder(0) }
        let (folder, name) = try locate(path)
        guard let node = folders[folder].entries[name] else {
            throw Inconsistent(description: "\(path) was used, and is not there")
        }
        return node
    }

    /// The folder that a path's last component is in, and that component.
    private func locate(_ path: String) throws -> (folder: Int, name: String) {
        let parts = path.split(separator: "/")
        guard parts.count > root.count, parts.starts(with: root), let name = parts.last else {
            throw Inconsistent(description: "\(path) is not on the disk")
        }
        var folder = 0
        for part in parts[root.count..<parts.count - 1] {
            guard case .folder(let next)? = folders[folder].entries[String(part)] else {
                throw Inconsistent(description: "\(path) leads through \(part), which is not there")
            }
            folder = next
        }
        return (folder, String(name))
    }
}

extension [String: SimulatedDisk.Node] {
    /// Carries out a change.
    mutating func apply(_ change: SimulatedDisk.FolderChange.Kind) {
        switch change {
        case .set(let name, let node): self[name] = node
        case .remove(let name): self[name] = nil
        case .move(let name, let newName, let node):
            self[name] = nil
            self[newName] = node
        }
    }
}

extension [UInt8] {
    /// Carries out a change, or the part of it that lies in a range.
    mutating func apply(_ change: SimulatedDisk.FileChange.Kind, within range: Range<Int> = 0..<Int.max) {
        switch change {
        case .write(let offset, let bytes):
            let part = range.clamped(to: offset..<offset + bytes.count)
            resize(to: Swift.max(count, part.upperBound))
            withUnsafeMutableBytes { target in
                bytes.withUnsafeBytes { source in
                    let source = source[part.lowerBound - offset..<part.upperBound - offset]
                    UnsafeMutableRawBufferPointer(rebasing: target[part])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source))
                }
            }
        case .resize(_, let to) where range.upperBound == Int.max:
            resize(to: to)
        case .resize(let from, let to):
            let part = range.clamped(to: Swift.min(from, to)..<from)
            let zeros = [UInt8](repeating: 0, count: part.count)
            apply(.write(offset: part.lowerBound, zeros[...]))
        }
    }

    /// Cuts it off, or adds zeros.
    mutating func resize(to size: Int) {
        if size < count { removeLast(count - size) }
        if size > count { append(contentsOf: [UInt8](repeating: 0, count: size - count)) }
    }
}
