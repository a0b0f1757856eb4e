import Foundation

/// Uploads that are not to end well, bad connections, and requests that are none.
extension SoakClient {
    mutating func cancels() async throws {
        let file = file()
        let upload = try await world.register(task(file), file, .cancels)
        let (world, blocks, lanes, pause) = (world, blocks(of: file), lanes(), seconds(0...0.3))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await world.deliver(blocks, of: upload, lanes: lanes) }
            try await Task.sleep(for: pause)
            let answer = try await world.change(upload, to: "cancel")
            if answer.retCode == "9" {
                // It was complete, and was brought to its place before.
                if try await world.conclude(upload) != "timeout" { world.ledger.expect(["0"], of: upload.id) }
            } else {
                world.ledger.expect(["-3"], of: upload.id)
                world.survivor.release(upload.handle)
            }
            try await group.waitForAll()
        }
    }

    mutating func vanishes() async throws {
        let file = file(from: 2)
        let upload = try await world.register(task(file), file, .vanishes)
        var blocks = blocks(of: file, from: 2)
        let last = blocks.removeLast()
        try await world.deliver(Array(blocks), of: upload, lanes: lanes())
        switch Int.random(in: 0..<3, using: &random) {
        case 0: _ = try await world.change(upload, to: "pause")
        case 1: await breakOff(last, of: upload, resets: random.next() % 2 == 0)
        default: break
        }
    }

    mutating func wrongFile() async throws {
        let file = file()
        let task = task(file).with("fileMd5", "\"\(TestFile.md5([UInt8(number % 256)]))\"")
        let upload = try await world.register(task, file, .wrongFile)
        try await world.deliver(blocks(of: file), of: upload, lanes: lanes())
        try await world.conclude(upload)
    }

    mutating func blocked() async throws {
        let file = file()
        let task = task(file, name: "-folder")
        let upload = try await world.register(task, file, .blocked)
        try FileManager.default.createDirectory(
            atPath: world.server.storeDirectory + "/" + task.place, withIntermediateDirectories: true)
        try await world.deliver(blocks(of: file), of: upload, lanes: lanes())
        try await world.conclude(upload)
    }

    mutating func breaksOff() async throws {
        let file = file()
        let upload = try await world.register(task(file), file, .breaksOff)
        let blocks = blocks(of: file)
        var open: [RawSocket] = []
        for block in blocks.prefix(3) {
            if let socket = await begin(block, of: upload) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: socket.reset()
                case 1: socket.halfClose()
                // Nothing more comes, and the connection stays: the block that is sent anew takes over.
                case 2: open.append(socket)
                // It is closed as nobody keeps it.
                default: break
                }
            }
        }
        try await world.deliver(blocks, of: upload, lanes: 1)
        withExtendedLifetime(open) {}
        try await world.conclude(upload)
    }

    mutating func slow() async throws {
        let file = file()
        let upload = try await world.register(task(file), file, .slow)
        let blocks = blocks(of: file)
        let begin = ContinuousClock.now
        if let socket = await self.begin(blocks[0], of: upload, sending: 0),
            let answer = await dribble(Form(block: blocks[0], file[blocks[0]]).bytes, to: socket),
            answer.retCode == "0" || answer.retCode == "1"
        {
            world.survivor.note(blocks[0], of: upload.handle)
            upload.hold(blocks[0], since: begin)
        }
        try await world.deliver(blocks, of: upload, lanes: lanes())
        try await world.conclude(upload)
    }

    mutating func stranger() async throws {
        world.ledger.count(.strangers)
        let file = file()
        let (world, server, task) = (world, world.server, task(file))
        let id = world.ledger.newest
        let block = Form(block: 0...0, file[0...0])
        let wrong = "/api/upload/files/block?taskId=\(id)&key=\(TestFile.md5(file.bytes))"
        let cases: [(String, expected: String, @Sendable () async throws -> HTTPAnswer)] = [
            ("token", "1", { try await server.post(task.with("token", "\"nobody\"")) }),
            ("key", "2", { try await HTTP.postForm(server.base + wrong, block) }),
            ("fileSize", "6", { try await server.post(task.with("fileSize", "-1")) }),
            ("fileMd5", "6", { try await server.post(task.with("fileMd5", nil)) }),
            ("JSON", "6", { try await HTTP.postJSON(server.newTaskURL, "{\"token\":") }),
            ("route", "6", { try await HTTP.get(server.base + "/api/upload/../../etc/passwd") }),
            ("method", "6", { try await HTTP.send("DELETE", server.newTaskURL) }),
        ]
        for (what, expected, request) in cases {
            let answer = try await world.survivor.untilAnswered { try await request() }
            if answer.retCode != expected { world.ledger.complain("a wrong \(what): \(answer.status) \(answer.text)") }
        }
        // The server may be down, or end the connection: all that counts is that it lives on.
        let noise = try? RawSocket(port: server.port)
        try? await noise?.send(SeededGenerator.bytes(Int.random(in: 1...3000, using: &random), seed: random.next()))
    }

    // MARK: Bad connections

    /// Sends the head of a block and a part of its body.
    ///
    /// - Returns: the connection; `nil` where the server was down.
    private mutating func begin(
        _ block: ClosedRange<Int>, of upload: SoakUpload, sending share: Double? = nil
    ) async -> RawSocket? {
        let form = Form(block: block, upload.file[block])
        let body = form.bytes
        let share = share ?? Double.random(in: 0.1...0.9, using: &random)
        do {
            let socket = try RawSocket(port: world.server.port)
            try await socket.send(
                "POST \(upload.handle.uploadTarget) HTTP/1.1\r\nHost: x\r\nContent-Type: \(form.contentType)\r\n"
                    + "Content-Length: \(body.count)\r\n\r\n")
            try await socket.send(Array(body.prefix(Int(Double(body.count) * share))))
            return socket
        } catch {
            return nil
        }
    }

    private mutating func breakOff(_ block: ClosedRange<Int>, of upload: SoakUpload, resets: Bool) async {
        let socket = await begin(block, of: upload)
        if resets { socket?.reset() }
    }

    /// - Returns: the answer; `nil` where the server died.
    private mutating func dribble(_ body: [UInt8], to socket: RawSocket) async -> HTTPAnswer? {
        let step = body.count / 5 + 1
        do {
            for start in stride(from: 0, to: body.count, by: step) {
                try await socket.send(Array(body[start..<min(start + step, body.count)]))
                try await rest(0.02...0.2)
            }
            return try await socket.readAnswer()
        } catch {
            return nil
        }
    }
}
