import QtQuick
import QtQuick.Window
import Victron.VenusOS

// Shows a page with the values of a scenario, does what the scenario says, and prints what is to be seen, as JSON.
Window {
	id: window

	property var scenario: ({})
	property var pages: []
	property var seen: []
	property int step: 0
	readonly property var page: pages[pages.length - 1]

	width: 640
	height: 480
	visible: true
	color: "#141413"

	Item {
		id: picture
		anchors.fill: parent

		Rectangle {
			anchors.fill: parent
			color: "#141413"
		}
		Item {
			id: stage
			anchors { fill: parent; topMargin: 34; bottomMargin: 24 }
		}
		Text {
			anchors { top: parent.top; topMargin: 8; horizontalCenter: parent.horizontalCenter }
			text: window.page ? window.page.title : ""
			color: "#faf9f5"
			font.pixelSize: 16
		}
		Text {
			anchors { bottom: parent.bottom; bottomMargin: 5; horizontalCenter: parent.horizontalCenter }
			text: "drawn with stand-ins for Victron's components"
			color: "#969591"
			font.pixelSize: 12
		}
	}

	function pushPage(url, properties) {
		const component = Qt.createComponent(url)
		if (component.status !== Component.Ready) {
			console.warn(component.errorString())
			return
		}
		for (const other of pages)
			other.visible = false
		pages = pages.concat([component.createObject(stage, properties)])
	}

	function rows() {
		const all = []
		function collect(item) {
			if (item.preferredVisible === false)
				return
			if (item.kind !== undefined)
				all.push(item)
			else
				for (let i = 0; i < item.children.length; ++i)
					collect(item.children[i])
		}
		const view = Array.from(page.children).find(child => child.contentItem !== undefined)
		for (let i = 0; i < view.model.count; ++i)
			collect(view.model.get(i))
		return all
	}

	function row(text) {
		const found = rows().filter(row => row.text === text)
		if (found.length !== 1)
			console.warn("there are " + found.length + " rows \"" + text + "\"")
		return found[0]
	}

	function act(action) {
		if (action.press !== undefined)
			row(action.press).press()
		else if (action.type !== undefined)
			row(action.type[0]).type(action.type[1])
		else if (action.set !== undefined)
			for (const uid in action.set)
				Bus.set(uid, action.set[uid])
		else if (action.back)
			pages = pages.slice(0, -1)
	}

	function look() {
		const written = Bus.written
		Bus.written = []
		seen.push({ "title": page.title, "written": written,
			"rows": rows().map(row => [row.kind, row.text, row.kind === "field" ? row.textField.text : row.shown]) })
	}

	// One step per turn of the event loop, so that each has its effect before the next.
	Timer {
		interval: 1
		repeat: true
		running: window.pages.length > 0
		onTriggered: {
			if (window.step < window.scenario.actions.length) {
				window.act(window.scenario.actions[window.step++])
				window.look()
			} else {
				stop()
				window.finish()
			}
		}
	}

	function finish() {
		if (!scenario.picture) {
			print("SCREEN " + JSON.stringify(seen))
			Qt.quit()
			return
		}
		picture.grabToImage(function(result) {
			if (!result.saveToFile(scenario.picture))
				console.warn("cannot write " + scenario.picture)
			print("SCREEN " + JSON.stringify(seen))
			Qt.quit()
		})
	}

	Component.onCompleted: {
		const request = new XMLHttpRequest()
		request.open("GET", Qt.resolvedUrl("scenario.json"), false)
		request.send()
		scenario = JSON.parse(request.responseText)
		if (scenario.height)
			height = scenario.height
		Qt.uiLanguage = scenario.language
		Bus.values = scenario.values
		Bus.refused = scenario.refused || []
		Global.pageManager = window
		pushPage(scenario.page, scenario.properties || {})
		look()
	}
}
