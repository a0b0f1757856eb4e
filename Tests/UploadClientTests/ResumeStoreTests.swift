import Foundation
import Testing

@testable import UploadClient

@Suite final class ResumeStoreTests {
    private let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    private var store: ResumeStore { ResumeStore(directory: directory.path + "/state") }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    @Test func rememberedThenForgotten() throws {
        let state = state(md5: "1")
        #expect(try store.load(businessURL: state.businessURL, path: state.path) == nil)
        try store.save(state)
        #expect(try store.load(businessURL: state.businessURL, path: state.path) == state)
        #expect(try store.load(businessURL: "http://other", path: state.path) == nil)
        #expect(try store.load(businessURL: state.businessURL, path: "/other") == nil)
        try store.remove(businessURL: state.businessURL, path: state.path)
        #expect(try store.load(businessURL: state.businessURL, path: state.path) == nil)
        try store.remove(businessURL: state.businessURL, path: state.path)
    }

    @Test func replacedAsAWhole() throws {
        try store.save(state(md5: "1"))
        try store.save(state(md5: "2"))
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/state")
        #expect(files.count == 1)
        #expect(try store.load(businessURL: "http://b", path: "/f")?.fileMd5 == "2")
    }

    @Test func readableByItsOwnerOnly() throws {
        try store.save(state(md5: "1"))
        let file = store.location(businessURL: "http://b", path: "/f")
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func damageIsReported() throws {
        try store.save(state(md5: "1"))
        let file = store.location(businessURL: "http://b", path: "/f")
        try Data("{".utf8).write(to: URL(fileURLWithPath: file))
        #expect(throws: UploadFailure.self) { try store.load(businessURL: "http://b", path: "/f") }
    }

    @Test(arguments: [
        (["HOME": "/h"], "/h/.local/state/fupload-client/"),
        (["HOME": "/h", "XDG_STATE_HOME": "/x"], "/x/fupload-client/"),
        (["HOME": "/h", "XDG_STATE_HOME": "relative"], "/h/.local/state/fupload-client/"),
    ])
    func place(environment: [String: String], prefix: String) {
        #expect(ResumeStore(environment: environment).location(businessURL: "b", path: "p").hasPrefix(prefix))
    }

    private func state(md5: String) -> ResumeState {
        let task = UploadTask(
            taskId: .integer(7), uploadUrl: "http://u", blocksUrl: "http://b", stateUrl: "http://s")
        return ResumeState(
            businessURL: "http://b", path: "/f", fingerprint: FileFingerprint(size: 3, modified: 5), fileMd5: md5,
            task: task)
    }
}
