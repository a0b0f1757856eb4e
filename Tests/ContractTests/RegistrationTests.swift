import Foundation
import Testing
import UploadTestSupport

/// Contract, "POST /api/upload/new/task": what is accepted.
@Suite(.contract)
struct RegistrationTests {
    private let file = TestFile(size: 10, seed: 1)

    @Test func namesTheTaskAndThreeURLs() async throws {
        try await TestBed.run { bed in
            let answer = try await bed.server.post(NewTask(file))
            let upload = try UploadHandle(bed.server, answer)
            #expect(answer.data.names == ["blocksUrl", "stateUrl", "taskId", "uploadUrl"])
            #expect((1..<(1 << 53)).contains(upload.id))
            for url in [upload.given.upload, upload.given.blocks, upload.given.state] {
                #expect(url.hasPrefix("http://127.0.0.1:\(bed.server.port)/"), "\(url)")
                #expect(url.contains("key="))
            }
        }
    }

    @Test func proxyAddrIsToldAsItIs() async throws {
        try await TestBed.run("server.proxyAddr=https://files.example.org/up") { bed in
            let upload = try await bed.server.register(file)
            for url in [upload.given.upload, upload.given.blocks, upload.given.state] {
                #expect(url.hasPrefix("https://files.example.org/up/api/upload/files/"), "\(url)")
            }
        }
    }

    @Test func addrIsToldWithThePort() async throws {
        try await TestBed.run("server.addr=http://files.example.org") { bed in
            let upload = try await bed.server.register(file)
            #expect(upload.given.blocks.hasPrefix("http://files.example.org:\(bed.server.port)/"))
        }
    }

    @Test func userIdAndFileSizeMayBeStringOrInteger() async throws {
        try await TestBed.run { bed in
            for (userID, text) in [("\"007\"", "007"), ("42", "42"), ("\"用户\"", "用户"), ("-1", "-1")] {
                for size in ["10", "\"10\""] {
                    let upload = try await bed.server.register(
                        NewTask(file).with("userId", userID).with("fileSize", size))
                    try await upload.sendAll(file)
                    let callback = try await bed.receiver.callback(for: upload.id)
                    #expect(callback.json["userId"].text == text)
                    #expect(callback.json["fileSize"].integer == 10)
                }
            }
        }
    }

    @Test func fileMd5MayBeOfEitherCase() async throws {
        try await TestBed.run { bed in
            let upper = try await bed.server.register(NewTask(file).with("fileMd5", "\"\(file.md5.uppercased())\""))
            let lower = try await bed.server.register(file)
            #expect(upper.id == lower.id)
            try await upper.sendAll(file)
            #expect(try await bed.receiver.callback(for: upper.id).retCode == "0")
        }
    }

    @Test func bothSpellingsOfTheFeedbackWork() async throws {
        try await TestBed.run { bed in
            for name in ["feedBackParameter", "feedbackParameter"] {
                let upload = try await bed.server.register(NewTask(file, name: name).with(name, "{\"a\":[1,null]}"))
                try await upload.sendAll(file)
                let callback = try await bed.receiver.callback(for: upload.id)
                #expect(callback.text.contains("\"data\":{\"a\":[1,null]}"), "\(callback.text)")
            }
        }
    }

    @Test func anEmptyFileFinishesAtOnce() async throws {
        try await TestBed.run { bed in
            let empty = TestFile([])
            let upload = try await bed.server.register(NewTask(empty, name: "empty").with("fileSize", "\"0\""))
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.retCode == "0")
            #expect(bed.server.stored("in/empty") == [])
            #expect(try await upload.info()["status"].text == "finish")
            #expect(try await upload.missing() == [])

            let wrong = try await bed.server.register(
                NewTask(empty, name: "wrong").with("fileMd5", "\"\(file.md5)\""))
            #expect(try await bed.receiver.callback(for: wrong.id).retCode == "-2")
        }
    }

    @Test func unauthorisedTokensAreRefused() async throws {
        try await TestBed.run { bed in
            for token in ["", "x", TestBed.token + "x", String(TestBed.token.dropLast()), "one"] {
                let answer = try await bed.server.post(NewTask(file).with("token", "\"\(token)\""))
                #expect(answer.retCode == "1", "\(token): \(answer.text)")
            }
            #expect(try await bed.server.sqlite("SELECT count(*) FROM tasks") == "0")
        }
    }
}

/// Contract, "POST /api/upload/new/task": storePath and fileName.
@Suite(.contract)
struct StorePathTests {
    private let file = TestFile(size: 10, seed: 1)

    @Test func absoluteAndRelativePathsWithinStoreDirAreTaken() async throws {
        try await TestBed.run { bed in
            let store = bed.server.storeDirectory
            let places = [
                ("rel", "rel/a"), ("p/q/r/", "p/q/r/a"), ("\(store)/abs", "abs/a"), (store, "d"), (store + "/", "e"),
                ("x/../y", "y/a"), ("./z", "z/a"), (".", "c"),
            ]
            for (folder, path) in places {
                let name = String(path.split(separator: "/").last ?? "")
                let upload = try await bed.server.register(NewTask(file, name: name, in: folder))
                try await upload.sendAll(file)
                let callback = try await bed.receiver.callback(for: upload.id)
                #expect(callback.retCode == "0", "\(folder): \(callback.text)")
                #expect(callback.json["storePath"].text == folder)
                #expect(bed.server.stored(path) == file.bytes, "\(folder)")
            }
        }
    }

    @Test func pathsOutsideOfStoreDirAreRefused() async throws {
        try await TestBed.run { bed in
            let store = bed.server.storeDirectory
            let outside = bed.folder + "/outside"
            let files = FileManager.default
            try files.createDirectory(atPath: outside, withIntermediateDirectories: true)
            try files.createSymbolicLink(atPath: store + "/link", withDestinationPath: outside)
            try files.createSymbolicLink(atPath: store + "/loop", withDestinationPath: store + "/loop")
            let places = [
                "/", "/etc", outside, "..", "../store-2", "a/../../b", store + "/..", store + "-2", "link",
                "link/deeper",
                "loop", "link/../..",
            ]
            for place in places {
                let answer = try await bed.server.post(NewTask(file, in: place))
                #expect(answer.retCode == "6", "\(place): \(answer.text)")
                #expect(answer.sentence.contains("storePath"), "\(place): \(answer.text)")
            }
        }
    }

    @Test func aLinkThatLeadsOutsideToNothingIsRefused() async throws {
        try await TestBed.run { bed in
            try FileManager.default.createSymbolicLink(
                atPath: bed.server.storeDirectory + "/dangling", withDestinationPath: bed.folder + "/not/there")
            #expect(try await bed.server.post(NewTask(file, in: "dangling")).retCode == "6")
            #expect(try await bed.server.post(NewTask(file, in: "dangling/deeper")).retCode == "6")
        }
    }

    @Test func aLinkThatStaysWithinIsTaken() async throws {
        try await TestBed.run { bed in
            let store = bed.server.storeDirectory
            try FileManager.default.createDirectory(atPath: store + "/real", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: store + "/alias", withDestinationPath: "real")
            let upload = try await bed.server.register(NewTask(file, name: "a", in: "alias"))
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored("real/a") == file.bytes)
        }
    }

    @Test func aLinkMadeAfterRegistrationLeadsNowhere() async throws {
        try await TestBed.run { bed in
            let outside = bed.folder + "/outside"
            try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
            let upload = try await bed.server.register(NewTask(file, name: "a", in: "later"))
            try FileManager.default.createSymbolicLink(
                atPath: bed.server.storeDirectory + "/later", withDestinationPath: outside)
            try await upload.sendAll(file)
            let callback = try await bed.receiver.callback(for: upload.id)
            #expect(callback.retCode == "-4", "\(callback.text)")
            #expect(TemporaryDirectory.read(outside + "/a") == nil)
        }
    }

    @Test func withoutStoreDirAnyAbsolutePathIsTaken() async throws {
        try await TestBed.run("storeDir=") { bed in
            let upload = try await bed.server.register(NewTask(file, name: "a", in: bed.folder + "/anywhere"))
            try await upload.sendAll(file)
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            #expect(bed.server.stored(bed.folder + "/anywhere/a") == file.bytes)
            #expect(try bed.server.logText().contains("storeDir"), "warned about at start")
        }
    }

    @Test func namesWithOddCharactersAreKept() async throws {
        try await TestBed.run { bed in
            for name in ["name with spaces", "文件.mp4", "a\\\"b", "-rf", "..hidden", "%2e%2e%2fx"] {
                let upload = try await bed.server.register(
                    NewTask(file, name: name.replacing("\\\"", with: "\\\\\\\"")))
                try await upload.sendAll(file)
                #expect(try await bed.receiver.callback(for: upload.id).json["fileName"].text == name)
                #expect(bed.server.stored("in/\(name)") == file.bytes)
            }
        }
    }
}
