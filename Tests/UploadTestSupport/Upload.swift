import Foundation

/// What a business server sends to open an upload, each field replaceable.
public struct NewTask: Sendable {
    /// The fields, as JSON text each.
    public var fields: [(name: String, json: String)]

    /// A registration of `file` as `name` below the folder `in`, by the first business server of the test bed.
    public init(_ file: TestFile, name: String = "file.bin", in folder: String = "in", user: String = "u1") {
        fields = [
            ("token", "\"\(TestBed.token)\""), ("userId", "\"\(user)\""), ("storePath", "\"\(folder)\""),
            ("fileName", "\"\(name)\""), ("fileSize", "\(file.bytes.count)"), ("fileMd5", "\"\(file.md5)\""),
        ]
    }

    /// The same with one field replaced, added, or taken away.
    public func with(_ name: String, _ json: String?) -> NewTask {
        var copy = self
        copy.fields.removeAll { $0.name == name }
        if let json { copy.fields.append((name, json)) }
        return copy
    }

    /// The body.
    public var json: String {
        "{" + fields.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ",") + "}"
    }
}

/// A task as its client knows it. Its URLs follow the server to whatever port it has after a restart.
public struct UploadHandle: Sendable {
    /// The answer to the registration was none with a task.
    public struct NotRegistered: Error, CustomStringConvertible {
        /// The answer.
        public let description: String
    }

    /// The server.
    public let server: ServerProcess
    /// The task's number.
    public let id: Int64
    /// The URLs as they were given.
    public let given: (upload: String, blocks: String, state: String)

    /// Reads the answer to a registration.
    public init(_ server: ServerProcess, _ answer: HTTPAnswer) throws {
        let data = answer.data
        guard answer.retCode == "0", let id = data["taskId"].integer, let upload = data["uploadUrl"].text,
            let blocks = data["blocksUrl"].text, let state = data["stateUrl"].text
        else { throw NotRegistered(description: answer.text) }
        (self.server, self.id, given) = (server, id, (upload, blocks, state))
    }

    /// The same task at another server.
    package init(_ server: ServerProcess, _ other: UploadHandle) {
        (self.server, id, given) = (server, other.id, other.given)
    }

    /// Where blocks go now.
    public var uploadURL: String { current(given.upload) }
    /// Where the state of the upload is told now.
    public var blocksURL: String { current(given.blocks) }
    /// Where it is changed now.
    public var stateURL: String { current(given.state) }

    /// Path and query, for raw sockets.
    public var uploadTarget: String { String(uploadURL.dropFirst(server.base.count)) }

    /// Sends a block of the file.
    @discardableResult
    public func send(_ range: ClosedRange<Int>, of file: TestFile) async throws -> HTTPAnswer {
        try await HTTP.postForm(uploadURL, Form(block: range, file[range]))
    }

    /// Sends a block until it is held: where a newer request took over, the connection ends without an answer.
    public func insist(on range: ClosedRange<Int>, of file: TestFile) async throws {
        _ = try await eventually("block \(range) to be held") {
            do {
                // 9: all was held already.
                return ["0", "1", "9"].contains(try await send(range, of: file).retCode) ? true : nil
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                return nil
            }
        }
    }

    /// Sends all of the file in blocks of a size.
    public func sendAll(_ file: TestFile, blockSize: Int = 64 << 10) async throws {
        for range in file.blocks(of: blockSize) {
            let answer = try await send(range, of: file)
            guard answer.retCode == "0" || answer.retCode == "1" else {
                throw NotRegistered(description: "block \(range): \(answer.text)")
            }
        }
    }

    /// Asks where the upload stands.
    public func info() async throws -> JSONTree {
        try await HTTP.get(blocksURL).json
    }

    /// The missing ranges.
    ///
    /// - Throws: ``NotRegistered`` for an answer that tells of none because it tells of no task.
    public func missing() async throws -> [ClosedRange<Int>] {
        let info = try await info()
        guard info["retCode"].text == "0" else { throw NotRegistered(description: "what is missing: \(info)") }
        return info.expectBlocks
    }

    /// Asks for another state.
    @discardableResult
    public func change(to status: String) async throws -> HTTPAnswer {
        try await HTTP.postJSON(stateURL, "{\"taskId\":\(id),\"status\":\"\(status)\"}")
    }

    /// Waits until the upload has this status.
    public func reach(_ status: String, within limit: Duration = .seconds(20)) async throws {
        _ = try await eventually("status \(status) of task \(id)", within: limit) {
            try await info()["status"].text == status ? true : nil
        }
    }

    private func current(_ url: String) -> String {
        guard let path = url.range(of: "/api/") else { return url }
        return server.base + url[path.lowerBound...]
    }
}

extension JSONTree {
    /// The ranges in `expectBlocks`.
    public var expectBlocks: [ClosedRange<Int>] {
        self["expectBlocks"].elements.compactMap { block in
            guard let start = block["startByte"].integer, let end = block["endByte"].integer, start <= end else {
                return nil
            }
            return Int(start)...Int(end)
        }
    }
}

extension ServerProcess {
    /// The URL of the registration.
    public var newTaskURL: String { base + "/api/upload/new/task" }

    /// Registers, whatever comes back.
    public func post(_ task: NewTask) async throws -> HTTPAnswer {
        try await HTTP.postJSON(newTaskURL, task.json)
    }

    /// Registers a task.
    public func register(_ task: NewTask) async throws -> UploadHandle {
        try UploadHandle(self, try await post(task))
    }

    /// Registers `file` as `name`.
    public func register(_ file: TestFile, name: String = "file.bin") async throws -> UploadHandle {
        try await register(NewTask(file, name: name))
    }
}
