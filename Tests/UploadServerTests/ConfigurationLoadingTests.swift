import Testing

@testable import UploadServer

@Suite struct ConfigurationLoadingTests {
    private static let entry = """
        bServer:
          cp00000010103010301:
            name: "cp1"
            notifyUrl: "http://127.0.0.1:8090/callback"

        """

    private func load(
        _ yaml: String, environment: [String: String] = [:], flags: [String: String] = [:]
    ) throws -> LoadedConfiguration {
        try ConfigurationLoader(environment: environment, flags: flags).load(yaml: yaml)
    }

    @Test func leavesDefaultsWhereNothingIsSet() throws {
        let loaded = try load(Self.entry)
        var expected = ServerConfiguration()
        expected.businessServers = loaded.configuration.businessServers
        #expect(loaded.configuration == expected)
        #expect(loaded.warnings.isEmpty)
        #expect(expected.port == 8080)
        #expect(expected.checkPartMD5)
        #expect(expected.taskTimeout == .seconds(3600))
        #expect(expected.pausedTimeout == .seconds(604_800))
        #expect(expected.callbackSchedule.last == .seconds(14_400))
        #expect(expected.maxFileSize == nil)
        #expect(expected.maxRequestBody == 1_048_576)
    }

    @Test func loadsThePredecessorsFileUnchanged() throws {
        let loaded = try load(
            """
            env: "pro"
            server:
              port: 8080
              addr: "http://192.168.48.132"   # ...
              proxyAddr: ""
            cacheAddr: "localhost:11211"
            mysqlDB:
              host: "172.16.2.110:3306"
              database: "fupload"
              userName: "mpr"
              password: "123456"
            checkTmpMd5: false
            tmpDir: "/tmp/resource/"
            storeDir: "/data"
            taskTimeout: 3600
            bServer:
              cp00000010103010301:  # token
                name: "cp1"
                notifyUrl: "http://127.0.0.1:8090/api/business/fupload/callback"
              cp2:
                name: "cp2"
                notifyUrl: "http://172.16.2.109:8080/api/finish"
            """
        )
        #expect(loaded.warnings.count == 2)
        #expect(loaded.warnings.contains { $0.hasPrefix("mysqlDB is ignored") })
        #expect(loaded.warnings.contains { $0.hasPrefix("cacheAddr is ignored") })
        let configuration = loaded.configuration
        #expect(configuration.address == "http://192.168.48.132")
        #expect(!configuration.checkPartMD5)
        #expect(configuration.storeDirectory == "/data")
        #expect(configuration.businessServers.map(\.token) == ["cp00000010103010301", "cp2"])
        #expect(configuration.businessServers.map(\.identity) == ["cp1", "cp2"])
        #expect(configuration.businessServers.last?.notifyURL == "http://172.16.2.109:8080/api/finish")
    }

    @Test func prefersFlagsToEnvironmentToFileToDefaults() throws {
        let yaml = Self.entry + "server: {port: 1, host: file, addr: \"http://file\"}\n"
        let environment = ["FUPLOAD_SERVER_PORT": "2", "FUPLOAD_SERVER_HOST": "environment"]
        let loaded = try load(yaml, environment: environment, flags: ["server.port": "3"])
        #expect(loaded.configuration.port == 3)
        #expect(loaded.configuration.host == "environment")
        #expect(loaded.configuration.address == "http://file")
        #expect(loaded.configuration.database == "data/fupload.sqlite")

        let sources = Dictionary(uniqueKeysWithValues: loaded.describe().map { ($0.key, $0.source) })
        #expect(sources["server.port"] == .flag)
        #expect(sources["server.host"] == .environment)
        #expect(sources["server.addr"] == .file)
        #expect(sources["database"] == .default)
    }

    @Test func namesEnvironmentVariablesAfterKeys() throws {
        let environment = [
            "FUPLOAD_TMP_DIR": "/t", "FUPLOAD_CHECK_TMP_MD5": "off", "FUPLOAD_SERVER_PROXY_ADDR": "https://up.example/",
            "FUPLOAD_CALLBACK_GIVE_UP_AFTER": "1d", "FUPLOAD_MAX_BLOCK_SIZE": "4MiB",
            "FUPLOAD_B_SERVER_CP00000010103010301_SECRET": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ]
        let loaded = try load(Self.entry, environment: environment)
        #expect(loaded.warnings.isEmpty)
        #expect(loaded.configuration.tmpDirectory == "/t")
        #expect(!loaded.configuration.checkPartMD5)
        #expect(loaded.configuration.proxyAddress == "https://up.example")
        #expect(loaded.configuration.callbackGiveUpAfter == .seconds(86_400))
        #expect(loaded.configuration.maxBlockSize == 4 << 20)
        #expect(loaded.configuration.businessServers.first?.secret?.bytes == Array(repeating: 0, count: 24))
    }

    @Test func warnsOfUnknownVariablesOfItsOwn() throws {
        let environment = ["FUPLOAD_SERVICE_HOST": "10.0.0.1", "FUPLOAD_B_SERVER_HIDDENTOKEN_URL": "x", "PATH": "/bin"]
        let warnings = try load(Self.entry, environment: environment).warnings
        #expect(
            warnings == [
                "environment variable FUPLOAD_B_SERVER_… sets nothing",
                "environment variable FUPLOAD_SERVICE_HOST sets nothing",
            ]
        )
    }

    @Test func warnsOfAnUnlimitedStoreFolder() throws {
        let loaded = try load(Self.entry + "storeDir: \"\"\n")
        #expect(loaded.configuration.storeDirectory.isEmpty)
        #expect(loaded.warnings.count == 1)
        #expect(loaded.warnings.first?.hasPrefix("storeDir is \"\"") == true)
    }

    @Test func takesSectionsOfCommentsAlone() throws {
        #expect(try load("server:\n  # port: 8080\n" + Self.entry).configuration.port == 8080)
    }
}
