import UploadCore

/// The body of "POST /api/upload/new/task": each field by its name and type, faults named.
struct RegistrationBody {
    private let members: [String: JSONValue]

    /// - Throws: `invalidParameter` when the bytes are no JSON object.
    init(_ bytes: [UInt8]) throws(UploadError) {
        members = try JSONBody.members(of: bytes)
    }

    /// The token.
    func token() throws(UploadError) -> String {
        try JSONBody.string("token", in: members)
    }

    /// The rest, for the business server whose token it was.
    func registration(for identity: String) throws(UploadError) -> Registration {
        let md5 = try JSONBody.string("fileMd5", in: members)
        guard let fileMD5 = MD5Digest(hex: md5) else { throw .invalid("fileMd5", "must be 32 hex digits") }
        return Registration(
            businessServer: identity,
            userID: try JSONBody.stringOrInteger("userId", in: members),
            storePath: try JSONBody.string("storePath", in: members),
            fileName: try JSONBody.string("fileName", in: members),
            fileSize: try fileSize(),
            fileMD5: fileMD5,
            feedback: (members["feedBackParameter"] ?? members["feedbackParameter"])?.text)
    }

    private func fileSize() throws(UploadError) -> Int64 {
        let text = try JSONBody.stringOrInteger("fileSize", in: members)
        guard let size = Int64(text), size >= 0, text.first != "+" else {
            throw .invalid("fileSize", "must be a whole number of bytes, 0 or more")
        }
        return size
    }
}

/// The body of "POST stateUrl".
struct StateBody {
    /// The task.
    let taskID: TaskID
    /// What is asked for.
    let request: StateRequest

    /// - Throws: `invalidParameter` for what is missing or malformed.
    init(_ bytes: [UInt8]) throws(UploadError) {
        let members = try JSONBody.members(of: bytes)
        guard let id = TaskID(try JSONBody.stringOrInteger("taskId", in: members)) else {
            throw .invalid("taskId", "must be a task's number")
        }
        guard let request = StateRequest(rawValue: try JSONBody.string("status", in: members)) else {
            throw .invalid("status", "must be one of pause, upload, cancel")
        }
        (taskID, self.request) = (id, request)
    }
}

/// Fields of a JSON body by name and type.
enum JSONBody {
    static func members(of bytes: [UInt8]) throws(UploadError) -> [String: JSONValue] {
        do {
            return try JSONScanner.members(of: bytes)
        } catch {
            throw .invalid("body", error.problem)
        }
    }

    static func string(_ name: String, in members: [String: JSONValue]) throws(UploadError) -> String {
        switch try present(name, in: members).kind {
        case .string(let text): return text
        case .noText: throw .halfACharacter(in: name)
        case .integer, .null, .other: throw .invalid(name, "must be a string")
        }
    }

    static func stringOrInteger(_ name: String, in members: [String: JSONValue]) throws(UploadError) -> String {
        let value = try present(name, in: members)
        switch value.kind {
        case .string(let text): return text
        case .noText: throw .halfACharacter(in: name)
        case .integer: return value.text
        case .null, .other: throw .invalid(name, "must be a string or a whole number")
        }
    }

    private static func present(
        _ name: String, in members: [String: JSONValue]
    ) throws(UploadError) -> JSONValue {
        guard let value = members[name], value.kind != .null else { throw .invalid(name, "is missing") }
        return value
    }
}

extension UploadError {
    fileprivate static func halfACharacter(in name: String) -> UploadError {
        .invalid(name, "has half a surrogate pair, which is no character")
    }
}
