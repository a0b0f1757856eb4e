import HummingbirdCore
import UploadCore

extension TaskAddress {
    /// The task that a URL names, with its key. Of two parameters with one name, the first counts.
    ///
    /// - Throws: `invalidParameter` when there is no number.
    init(query uri: URI) throws(UploadError) {
        guard let text = uri.queryParameters["taskId"] else { throw .invalid("taskId", "is missing") }
        guard let id = TaskID(text) else { throw .invalid("taskId", "must be a task's number") }
        self.init(id: id, query: uri)
    }

    /// The task that a body names, with the key from the URL.
    init(id: TaskID, query uri: URI) {
        self.init(id: id, key: uri.queryParameters["key"].map(String.init) ?? "")
    }
}
