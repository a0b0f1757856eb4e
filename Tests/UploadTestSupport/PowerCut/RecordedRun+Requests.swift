import Foundation
import Synchronization

/// The requests of a recorded run: each is on a connection of its own, is repeated until it is answered, and what the
/// answer promises is noted.
extension RecordedRun {
    func register(
        _ file: TestFile, _ path: String, outcome: String = "0", as task: NewTask? = nil
    ) async throws -> UploadHandle {
        let url = URL(fileURLWithPath: "/" + path)
        let folder = String(url.deletingLastPathComponent().path.dropFirst())
        let task = task ?? NewTask(file, name: url.lastPathComponent, in: folder)
        let (answer, exchange) = try await untilAnswered {
            try await self.exchange("POST", "/api/upload/new/task", "application/json", Array(task.json.utf8))
        }
        let handle = try UploadHandle(bed.server, answer)
        tasks.withLock {
            $0[handle.id] = Facts(handle: handle, file: file, path: "store/" + path, outcome: outcome)
        }
        ledger.note(.registered, of: handle.id, in: exchange)
        return handle
    }

    func send(_ blocks: [ClosedRange<Int>], of handle: UploadHandle, _ file: TestFile) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<3 {
                group.addTask {
                    for (index, block) in blocks.enumerated() where index % 3 == lane {
                        try await self.send(block, of: handle, file, isSpooled: index % 5 == 0)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func send(
        _ block: ClosedRange<Int>, of handle: UploadHandle, _ file: TestFile, isSpooled: Bool
    ) async throws {
        var form = Form(block: block, file[block])
        // The bytes before their range.
        if isSpooled { form = Form(form.parts.reversed()) }
        while true {
            let (answer, exchange) = try await untilAnswered {
                try await self.exchange("POST", handle.uploadTarget, form.contentType, form.bytes)
            }
            switch answer.retCode {
            case "0", "1":
                ledger.note(.held(block), of: handle.id, in: exchange)
                return
            case "9":
                // Another lane's block completed the file, or the answer was lost in the kill.
                return
            case "11":
                // An overlapping block took over.
                continue
            default:
                throw Unexpected(description: "block \(block) was answered \(answer.text)")
            }
        }
    }

    func askWhatIsHeld(_ facts: Facts) async throws {
        let path = String(facts.handle.blocksURL.dropFirst(bed.server.base.count))
        let (answer, exchange) = try await exchange("GET", path)
        guard ["upload", "pause"].contains(answer.json["status"].text) else { return }
        var start = 0
        for missing in answer.json.expectBlocks {
            if start < missing.lowerBound {
                ledger.note(.held(start...missing.lowerBound - 1), of: facts.handle.id, in: exchange)
            }
            start = missing.upperBound + 1
        }
        if start < facts.file.bytes.count {
            ledger.note(.held(start...facts.file.bytes.count - 1), of: facts.handle.id, in: exchange)
        }
    }

    func change(_ handle: UploadHandle, to status: String, _ content: Promise.Content) async throws {
        let path = String(handle.stateURL.dropFirst(bed.server.base.count))
        let body = Array("{\"taskId\":\(handle.id),\"status\":\"\(status)\"}".utf8)
        let (answer, exchange) = try await untilAnswered {
            try await self.exchange("POST", path, "application/json", body)
        }
        // 5, 9: the answer to the first try was lost in the kill.
        guard ["0", "5", "9"].contains(answer.retCode) else {
            throw Unexpected(description: "\(status) was answered \(answer.text)")
        }
        ledger.note(content, of: handle.id, in: exchange)
    }

    /// One request on a connection of its own, whose port finds the answer in the recording.
    private func exchange(
        _ method: String, _ target: String, _ type: String = "application/json", _ body: [UInt8] = []
    ) async throws -> (HTTPAnswer, PromiseLedger.Exchange) {
        let began = shim.recordingSize
        let socket = try RawSocket(port: bed.server.port)
        let head =
            "\(method) \(target) HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n\r\n"
        try await socket.send(Array(head.utf8) + body)
        let answer = try await socket.readAnswer()
        guard answer.status > 0 else { throw Unexpected(description: "no answer") }
        return (
            answer,
            PromiseLedger.Exchange(port: socket.localPort, began: began, ended: shim.recordingSize)
        )
    }

    /// Repeats what the death of the server interrupts, after its next start. The first try counts as the asking.
    private func untilAnswered(
        _ body: () async throws -> (HTTPAnswer, PromiseLedger.Exchange)
    ) async throws -> (HTTPAnswer, PromiseLedger.Exchange) {
        var began: Int?
        while true {
            let seen = starts.value
            do {
                began = began ?? shim.recordingSize
                var (answer, exchange) = try await body()
                exchange.began = began ?? exchange.began
                return (answer, exchange)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // Cut by an overlapping block, or the server is gone.
                guard bed.server.process?.output.value.exit != nil else {
                    try await Task.sleep(for: .milliseconds(10))
                    continue
                }
                _ = try await starts.wait("the next start", within: .seconds(60)) { $0 > seen ? true : nil }
            }
        }
    }
}
