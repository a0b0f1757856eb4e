import UploadCore

/// The staging folder, read some names at a time.
final class LocalStagingFiles: StagingFiles {
    private let reader: FolderReader?
    private let store: FileStore

    /// - Parameter reader: `nil` for a folder that is not there.
    init(_ reader: FolderReader?, store: FileStore) {
        (self.reader, self.store) = (reader, store)
    }

    func next(_ count: Int) async throws -> [TaskID]? {
        try await store.blocking { [reader] in
            var ids: [TaskID] = []
            for read in 0..<count {
                guard let name = try reader?.next() else { return read == 0 ? nil : ids }
                // What does not bear a task's name is not ours to judge.
                guard name.hasSuffix(FileStore.suffix) else { continue }
                if let id = TaskID(name.dropLast(FileStore.suffix.count)) { ids.append(id) }
            }
            return ids
        }
    }
}
