import QtQuick

Row_ {
	property string secondaryText
	signal clicked()

	kind: "navigation"
	shown: secondaryText
	arrow: true

	function press() {
		clicked()
	}
}
