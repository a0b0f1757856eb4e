import UploadCore

/// The staging folder, read some names at a time. Spools that are left in it are removed on the way.
final class LocalStagingFiles: StagingFiles {
    private let reader: FolderReader?
    private let store: FileStore

    /// - Parameter reader: `nil` for a folder that is not there.
    init(_ reader: FolderReader?, store: FileStore) {
        (self.reader, self.store) = (reader, store)
    }

    func next(_ count: Int) async throws -> [TaskID]? {
        try await store.blocking { [reader, store] in
            var ids: [TaskID] = []
            for read in 0..<count {
                guard let name = try reader?.next() else { return read == 0 ? nil : ids }
                // Its process died, or its machine lost its power, between making and unlinking it. One that is being made
                // just now is about to lose its name.
                if name.hasPrefix(LocalSpool.prefix) { try SystemCall.removeFile(store.folder.appending(name)) }
                // What does not bear a task's name is not ours to judge.
                guard name.hasSuffix(FileStore.suffix) else { continue }
                if let id = TaskID(name.dropLast(FileStore.suffix.count)) { ids.append(id) }
            }
            return ids
        }
    }
}
