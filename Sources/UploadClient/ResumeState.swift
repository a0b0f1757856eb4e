/// What a client keeps about an unfinished upload between runs.
public struct ResumeState: Codable, Equatable, Sendable {
    /// The business server that opened the upload.
    public let businessURL: String
    /// Absolute path of the file.
    public let path: String
    /// The file as it was when ``fileMd5`` was computed.
    public let fingerprint: FileFingerprint
    /// MD5 of the whole file, 32 hex digits.
    public let fileMd5: String
    /// The task and its URLs.
    public let task: UploadTask

    /// Makes a state from its parts.
    public init(businessURL: String, path: String, fingerprint: FileFingerprint, fileMd5: String, task: UploadTask) {
        self.businessURL = businessURL
        self.path = path
        self.fingerprint = fingerprint
        self.fileMd5 = fileMd5
        self.task = task
    }
}
