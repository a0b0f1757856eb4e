import Synchronization
import UploadCore

/// The URLs that clients are told. Opaque to them: number and key of the task are ours to place.
public final class TaskURLs: Sendable {
    private let address: String
    private let proxyAddress: String
    private let port: Mutex<Int>

    /// - Parameters:
    ///   - address: scheme and host, the port is appended.
    ///   - port: the configured port; see ``listening(on:)``.
    ///   - proxyAddress: what to say instead of both, as it is; empty when there is no proxy.
    public init(address: String, port: Int, proxyAddress: String) {
        self.address = address
        self.proxyAddress = proxyAddress
        self.port = Mutex(port)
    }

    /// The port that was bound, which is another one than configured when that was 0.
    public func listening(on port: Int) {
        self.port.withLock { $0 = port }
    }

    /// The URLs of one task.
    struct Links {
        let upload: String
        let blocks: String
        let state: String
    }

    /// - Parameter base: scheme and host that a trusted proxy was called by; the configured ones where it said none.
    func links(of id: TaskID, key: String, base called: String?) -> Links {
        let base = proxyAddress.isEmpty ? called ?? "\(address):\(port.withLock { $0 })" : proxyAddress
        return Links(
            upload: "\(base)\(Route.block.path)?taskId=\(id)&key=\(key)",
            blocks: "\(base)\(Route.blocksInfo.path)?taskId=\(id)&key=\(key)",
            state: "\(base)\(Route.state.path)?key=\(key)")
    }
}

/// The four routes of the block API, whose paths are the original's, one for whoever watches the server, and one for whoever
/// writes a client.
enum Route: CaseIterable {
    case newTask, block, state, blocksInfo, ready, document

    /// The route of a path, compared as the router does: whatever the number of slashes.
    init?(path: String) {
        if let route = Self.allCases.first(where: { $0.path == path }) {
            self = route
            return
        }
        let components = path.split(separator: "/")
        guard let route = Self.allCases.first(where: { $0.path.split(separator: "/") == components }) else {
            return nil
        }
        self = route
    }

    var path: String {
        switch self {
        case .newTask: "/api/upload/new/task"
        case .block: "/api/upload/files/block"
        case .state: "/api/upload/files/state"
        case .blocksInfo: "/api/upload/files/blocks/info"
        case .ready: "/ready"
        case .document: "/openapi.yaml"
        }
    }

    /// Whether it can be opened to web pages: tasks are registered with a token, which no browser may know.
    var isForPages: Bool {
        switch self {
        case .block, .state, .blocksInfo: true
        case .newTask, .ready, .document: false
        }
    }

    var method: HTTPMethodName {
        switch self {
        case .newTask, .block, .state: .post
        case .blocksInfo, .ready, .document: .get
        }
    }

    /// The methods in use.
    enum HTTPMethodName: String {
        case get = "GET"
        case post = "POST"
    }
}
